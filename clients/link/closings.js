// Why a link ends, and whether the device may come back: made by `python -m server.api.types_for_screens`; do not edit.

export const SUBPROTOCOL = "chuancai.v1.json";

/** @type {Record<number, {reason: string, reconnect: boolean, zh: string}>} */
export const CLOSINGS = {
  1000: { reason: "goodbye", reconnect: false, zh: "正常结束" },
  1012: { reason: "restart", reconnect: true, zh: "服务重启" },
  1013: { reason: "overloaded", reconnect: true, zh: "服务繁忙" },
  4001: { reason: "token_expired", reconnect: true, zh: "凭证过期" },
  4002: { reason: "heartbeat_lost", reconnect: true, zh: "心跳丢失" },
  4003: { reason: "too_slow", reconnect: true, zh: "接收太慢" },
  4004: { reason: "resync", reconnect: true, zh: "需要重新同步" },
  4400: { reason: "bad_frame", reconnect: false, zh: "消息格式错误" },
  4401: { reason: "bad_token", reconnect: false, zh: "凭证无效" },
  4403: { reason: "not_paired", reconnect: false, zh: "设备未配对" },
  4409: { reason: "replaced", reconnect: false, zh: "本设备在别处登录" },
  4410: { reason: "unpaired", reconnect: false, zh: "设备已解除配对" },
  4429: { reason: "rate_limited", reconnect: true, zh: "操作太频繁" },
};
