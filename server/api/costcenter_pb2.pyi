from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SmsSendPrePayRequest(_message.Message):
    __slots__ = ("brandId", "segments", "number", "expiresS")
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXPIRESS_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    segments: int
    number: str
    expiresS: int
    def __init__(self, brandId: _Optional[int] = ..., segments: _Optional[int] = ..., number: _Optional[str] = ..., expiresS: _Optional[int] = ...) -> None: ...

class SmsSendPrePayResponse(_message.Message):
    __slots__ = ("number", "segments", "available", "expiresAt")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    EXPIRESAT_FIELD_NUMBER: _ClassVar[int]
    number: str
    segments: int
    available: int
    expiresAt: int
    def __init__(self, number: _Optional[str] = ..., segments: _Optional[int] = ..., available: _Optional[int] = ..., expiresAt: _Optional[int] = ...) -> None: ...

class SmsSendPayRequest(_message.Message):
    __slots__ = ("brandId", "number", "segments", "payment")
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    number: str
    segments: int
    payment: str
    def __init__(self, brandId: _Optional[int] = ..., number: _Optional[str] = ..., segments: _Optional[int] = ..., payment: _Optional[str] = ...) -> None: ...

class SmsSendPayResponse(_message.Message):
    __slots__ = ("payment", "number", "segments", "balance")
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    payment: str
    number: str
    segments: int
    balance: int
    def __init__(self, payment: _Optional[str] = ..., number: _Optional[str] = ..., segments: _Optional[int] = ..., balance: _Optional[int] = ...) -> None: ...

class SmsFreezeRequest(_message.Message):
    __slots__ = ("brandId", "number")
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    number: str
    def __init__(self, brandId: _Optional[int] = ..., number: _Optional[str] = ...) -> None: ...

class SmsReleaseFreezeNumResponse(_message.Message):
    __slots__ = ("number",)
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    number: str
    def __init__(self, number: _Optional[str] = ...) -> None: ...

class SmsReceiptStatusCallBackRequest(_message.Message):
    __slots__ = ("brandId", "payment", "state", "code", "phone")
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    payment: str
    state: str
    code: str
    phone: str
    def __init__(self, brandId: _Optional[int] = ..., payment: _Optional[str] = ..., state: _Optional[str] = ..., code: _Optional[str] = ..., phone: _Optional[str] = ...) -> None: ...

class SmsReceiptStatusCallBackResponse(_message.Message):
    __slots__ = ("payment", "state", "settled")
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    payment: str
    state: str
    settled: bool
    def __init__(self, payment: _Optional[str] = ..., state: _Optional[str] = ..., settled: _Optional[bool] = ...) -> None: ...

class SmsFreeze(_message.Message):
    __slots__ = ("number", "state", "segments", "paid", "rest", "at", "expiresAt")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    PAID_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRESAT_FIELD_NUMBER: _ClassVar[int]
    number: str
    state: str
    segments: int
    paid: int
    rest: int
    at: int
    expiresAt: int
    def __init__(self, number: _Optional[str] = ..., state: _Optional[str] = ..., segments: _Optional[int] = ..., paid: _Optional[int] = ..., rest: _Optional[int] = ..., at: _Optional[int] = ..., expiresAt: _Optional[int] = ...) -> None: ...

class SmsSendStatusCallBackRequest(_message.Message):
    __slots__ = ("brandId", "payment", "success")
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    payment: str
    success: bool
    def __init__(self, brandId: _Optional[int] = ..., payment: _Optional[str] = ..., success: _Optional[bool] = ...) -> None: ...

class SmsSendStatusCallBackResponse(_message.Message):
    __slots__ = ("payment", "state", "segments", "refunded")
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_FIELD_NUMBER: _ClassVar[int]
    payment: str
    state: str
    segments: int
    refunded: int
    def __init__(self, payment: _Optional[str] = ..., state: _Optional[str] = ..., segments: _Optional[int] = ..., refunded: _Optional[int] = ...) -> None: ...

class BuySmsPackageRequest(_message.Message):
    __slots__ = ("brandId", "orderNo", "segments", "priceFen", "name", "validityDays", "expiresAt")
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    ORDERNO_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    PRICEFEN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALIDITYDAYS_FIELD_NUMBER: _ClassVar[int]
    EXPIRESAT_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    orderNo: str
    segments: int
    priceFen: int
    name: str
    validityDays: int
    expiresAt: int
    def __init__(self, brandId: _Optional[int] = ..., orderNo: _Optional[str] = ..., segments: _Optional[int] = ..., priceFen: _Optional[int] = ..., name: _Optional[str] = ..., validityDays: _Optional[int] = ..., expiresAt: _Optional[int] = ...) -> None: ...

class SmsPackage(_message.Message):
    __slots__ = ("packageId", "orderNo", "name", "segments", "left", "returned", "priceFen", "state", "boughtAt", "expiresAt")
    PACKAGEID_FIELD_NUMBER: _ClassVar[int]
    ORDERNO_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    PRICEFEN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    BOUGHTAT_FIELD_NUMBER: _ClassVar[int]
    EXPIRESAT_FIELD_NUMBER: _ClassVar[int]
    packageId: str
    orderNo: str
    name: str
    segments: int
    left: int
    returned: int
    priceFen: int
    state: str
    boughtAt: int
    expiresAt: int
    def __init__(self, packageId: _Optional[str] = ..., orderNo: _Optional[str] = ..., name: _Optional[str] = ..., segments: _Optional[int] = ..., left: _Optional[int] = ..., returned: _Optional[int] = ..., priceFen: _Optional[int] = ..., state: _Optional[str] = ..., boughtAt: _Optional[int] = ..., expiresAt: _Optional[int] = ...) -> None: ...

class SmsBalanceRequest(_message.Message):
    __slots__ = ("brandId",)
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    def __init__(self, brandId: _Optional[int] = ...) -> None: ...

class SmsBalance(_message.Message):
    __slots__ = ("brandId", "available", "held", "expiring", "expiresAt")
    BRANDID_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    EXPIRING_FIELD_NUMBER: _ClassVar[int]
    EXPIRESAT_FIELD_NUMBER: _ClassVar[int]
    brandId: int
    available: int
    held: int
    expiring: int
    expiresAt: int
    def __init__(self, brandId: _Optional[int] = ..., available: _Optional[int] = ..., held: _Optional[int] = ..., expiring: _Optional[int] = ..., expiresAt: _Optional[int] = ...) -> None: ...
