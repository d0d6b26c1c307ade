from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnumImCallEvent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IM_CALL_EVENT_UNSPECIFIED: _ClassVar[EnumImCallEvent]
    IM_CALL_EVENT_ORDER_PLACED: _ClassVar[EnumImCallEvent]
    IM_CALL_EVENT_ITEM_READY: _ClassVar[EnumImCallEvent]
    IM_CALL_EVENT_ITEM_CANCELLED: _ClassVar[EnumImCallEvent]
    IM_CALL_EVENT_ORDER_RUSHED: _ClassVar[EnumImCallEvent]
    IM_CALL_EVENT_SERVICE_WANTED: _ClassVar[EnumImCallEvent]
    IM_CALL_EVENT_TECHNICIAN_WANTED: _ClassVar[EnumImCallEvent]
    IM_CALL_EVENT_ITEM_UNSEEN: _ClassVar[EnumImCallEvent]
    IM_CALL_EVENT_CUSTOM: _ClassVar[EnumImCallEvent]

class EnumImCallChannel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IM_CALL_CHANNEL_UNSPECIFIED: _ClassVar[EnumImCallChannel]
    IM_CALL_CHANNEL_KITCHEN: _ClassVar[EnumImCallChannel]
    IM_CALL_CHANNEL_PAD: _ClassVar[EnumImCallChannel]
    IM_CALL_CHANNEL_CASHIER: _ClassVar[EnumImCallChannel]
    IM_CALL_CHANNEL_CALL_SCREEN: _ClassVar[EnumImCallChannel]
    IM_CALL_CHANNEL_ROOM: _ClassVar[EnumImCallChannel]
    IM_CALL_CHANNEL_CONSOLE: _ClassVar[EnumImCallChannel]

class EnumImCallMsgType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IM_CALL_MSG_TYPE_UNSPECIFIED: _ClassVar[EnumImCallMsgType]
    IM_CALL_MSG_TYPE_BROADCAST: _ClassVar[EnumImCallMsgType]
    IM_CALL_MSG_TYPE_REFRESH: _ClassVar[EnumImCallMsgType]
    IM_CALL_MSG_TYPE_NOTIFY: _ClassVar[EnumImCallMsgType]
    IM_CALL_MSG_TYPE_PAD_CALL: _ClassVar[EnumImCallMsgType]

class EnumImCallEndState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IM_CALL_END_STATE_UNSPECIFIED: _ClassVar[EnumImCallEndState]
    IM_CALL_END_STATE_QUEUED: _ClassVar[EnumImCallEndState]
    IM_CALL_END_STATE_SUPPRESSED: _ClassVar[EnumImCallEndState]
    IM_CALL_END_STATE_NO_SUCH_END: _ClassVar[EnumImCallEndState]
IM_CALL_EVENT_UNSPECIFIED: EnumImCallEvent
IM_CALL_EVENT_ORDER_PLACED: EnumImCallEvent
IM_CALL_EVENT_ITEM_READY: EnumImCallEvent
IM_CALL_EVENT_ITEM_CANCELLED: EnumImCallEvent
IM_CALL_EVENT_ORDER_RUSHED: EnumImCallEvent
IM_CALL_EVENT_SERVICE_WANTED: EnumImCallEvent
IM_CALL_EVENT_TECHNICIAN_WANTED: EnumImCallEvent
IM_CALL_EVENT_ITEM_UNSEEN: EnumImCallEvent
IM_CALL_EVENT_CUSTOM: EnumImCallEvent
IM_CALL_CHANNEL_UNSPECIFIED: EnumImCallChannel
IM_CALL_CHANNEL_KITCHEN: EnumImCallChannel
IM_CALL_CHANNEL_PAD: EnumImCallChannel
IM_CALL_CHANNEL_CASHIER: EnumImCallChannel
IM_CALL_CHANNEL_CALL_SCREEN: EnumImCallChannel
IM_CALL_CHANNEL_ROOM: EnumImCallChannel
IM_CALL_CHANNEL_CONSOLE: EnumImCallChannel
IM_CALL_MSG_TYPE_UNSPECIFIED: EnumImCallMsgType
IM_CALL_MSG_TYPE_BROADCAST: EnumImCallMsgType
IM_CALL_MSG_TYPE_REFRESH: EnumImCallMsgType
IM_CALL_MSG_TYPE_NOTIFY: EnumImCallMsgType
IM_CALL_MSG_TYPE_PAD_CALL: EnumImCallMsgType
IM_CALL_END_STATE_UNSPECIFIED: EnumImCallEndState
IM_CALL_END_STATE_QUEUED: EnumImCallEndState
IM_CALL_END_STATE_SUPPRESSED: EnumImCallEndState
IM_CALL_END_STATE_NO_SUCH_END: EnumImCallEndState

class DesignatedAccount(_message.Message):
    __slots__ = ("accountId", "accountName")
    ACCOUNTID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTNAME_FIELD_NUMBER: _ClassVar[int]
    accountId: int
    accountName: str
    def __init__(self, accountId: _Optional[int] = ..., accountName: _Optional[str] = ...) -> None: ...

class SendImCallRequest(_message.Message):
    __slots__ = ("brandId", "event", "Channels", "callParams", "shopId", "designatedList", "MsgType", "msgTemplateId")
    class CallParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    CALLPARAMS_FIELD_NUMBER: _ClassVar[int]
    SHOPID_FIELD_NUMBER: _ClassVar[int]
    DESIGNATEDLIST_FIELD_NUMBER: _ClassVar[int]
    MSGTYPE_FIELD_NUMBER: _ClassVar[int]
    MSGTEMPLATEID_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    event: EnumImCallEvent
    Channels: _containers.RepeatedScalarFieldContainer[EnumImCallChannel]
    callParams: _containers.ScalarMap[str, str]
    shopId: int
    designatedList: _containers.RepeatedCompositeFieldContainer[DesignatedAccount]
    MsgType: EnumImCallMsgType
    msgTemplateId: int
    def __init__(self, brandId: _Optional[int] = ..., event: _Optional[_Union[EnumImCallEvent, str]] = ..., Channels: _Optional[_Iterable[_Union[EnumImCallChannel, str]]] = ..., callParams: _Optional[_Mapping[str, str]] = ..., shopId: _Optional[int] = ..., designatedList: _Optional[_Iterable[_Union[DesignatedAccount, _Mapping]]] = ..., MsgType: _Optional[_Union[EnumImCallMsgType, str]] = ..., msgTemplateId: _Optional[int] = ...) -> None: ...

class ImCallEnd(_message.Message):
    __slots__ = ("channel", "accountId", "state", "reason", "devices", "online")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    ONLINE_FIELD_NUMBER: _ClassVar[int]
    channel: EnumImCallChannel
    accountId: int
    state: EnumImCallEndState
    reason: str
    devices: int
    online: int
    def __init__(self, channel: _Optional[_Union[EnumImCallChannel, str]] = ..., accountId: _Optional[int] = ..., state: _Optional[_Union[EnumImCallEndState, str]] = ..., reason: _Optional[str] = ..., devices: _Optional[int] = ..., online: _Optional[int] = ...) -> None: ...

class SendImCallResponse(_message.Message):
    __slots__ = ("callId", "ends")
    CALLID_FIELD_NUMBER: _ClassVar[int]
    ENDS_FIELD_NUMBER: _ClassVar[int]
    callId: int
    ends: _containers.RepeatedCompositeFieldContainer[ImCallEnd]
    def __init__(self, callId: _Optional[int] = ..., ends: _Optional[_Iterable[_Union[ImCallEnd, _Mapping]]] = ...) -> None: ...
