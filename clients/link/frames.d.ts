/** The words of the wire: made by `python -m server.api.types_for_screens`; do not edit. */

export type PlaceKind = "room" | "table" | "tag" | "takeaway";

export type OrderSource = "pad" | "tag" | "waiter" | "cashier" | "api";

export type ItemState = "held" | "queued" | "cooking" | "ready" | "called" | "picked_up" | "delivered" | "cancelled";

export type CallState = "ringing" | "unanswered" | "claimed" | "ended";

export type CallEnd = "picked_up" | "undone" | "cleaned" | "item_cancelled" | "acknowledged" | "served" | "cancelled" | "done" | "expired" | "suppressed";

export type CallEvent = "order_placed" | "item_ready" | "item_cancelled" | "order_rushed" | "item_unseen" | "service_wanted" | "technician_wanted" | "custom";

export type Channel = "kitchen" | "pad" | "cashier" | "call_screen" | "room" | "console";

export type HeardStage = "shown" | "played" | "failed" | "blocked" | "muted" | "acknowledged";

export type DeviceKind = "kitchen" | "waiter" | "guest" | "cashier" | "call_screen" | "monitor";

export type CardState = "open" | "frozen" | "closed";

export type TradeKind = "top_up" | "consume" | "refund" | "freeze_funds" | "close";

export type TradeState = "posted" | "part_refunded" | "refunded" | "held" | "released";

export type FromDevice = Hello | Command | Ack | Ping | Pong | Move | Bye;

export type ToDevice = Welcome | Snapshot | EventFrame | Reply | PingOut | PongOut | Voice | Quiet | ByeOut;

export type Event = OrderPlaced | ItemStarted | ItemFinished | ItemCalled | ItemPickedUp | ItemDelivered | ItemCancelled | ItemUndone | ItemSplit | ItemChanged | ItemConfirmed | ItemsHeld | ItemsFired | ItemsRushed | ItemsShown | ItemsUnseen | DishSale | DishPut | StationPut | CallRaised | CallRang | CallClaimed | CallGivenBack | CallUnanswered | CallEnded | CallReminded | Announced | CallHeard | PlaceCleaned | DevicePaired | DeviceMoved | DeviceUnpaired | ScreenSet | DeviceRenamed | DeviceSought | CardOpened | CardFrozen | CardUnfrozen | CardReplaced | CardToppedUp | CardConsumed | CardRefunded | CardFundsFrozen | CardFundsReleased | CardClosed | PrinterChanged | PaperStuck | PaperSettled;

/** First frame: who I am and where I stopped. */
export interface Hello {
  t: "hello";
  token: string;
  app?: string;
  resume?: Resume | null;
  capabilities?: string[];
}

/** Where the device stopped: the log's epoch and the last seq it applied. */
export interface Resume {
  epoch: number;
  seq: number;
}

/** Do something: `id` is a UUID minted by the device and stored before sending. */
export interface Command {
  t: "command";
  id: string;
  name: string;
  body?: any;
}

/** I have everything up to `up_to`; `rings` tells what people could see and hear. */
export interface Ack {
  t: "ack";
  up_to: number;
  rings?: RingStage[];
  shown?: number[];
  audible?: boolean | null;
}

/** What became of one ring on this device. */
export interface RingStage {
  call_id: number;
  ring: number;
  stage: HeardStage;
  at_ms?: number;
}

/** Are you there? The answer is a pong with the server's time. */
export interface Ping {
  t: "ping";
  sent_ms?: number;
}

/** Answer to the gateway's ping. */
export interface Pong {
  t: "pong";
}

/** I stand elsewhere now; account and cursor stay. */
export interface Move {
  t: "move";
  id: string;
  place_id?: number | null;
  station_id?: number | null;
}

/** I leave on purpose. */
export interface Bye {
  t: "bye";
  reason?: string;
}

/** You are known; what follows is either the missed events or a snapshot. */
export interface Welcome {
  t: "welcome";
  generation: number;
  epoch: number;
  seq: number;
  mode: "resumed" | "snapshot";
  heartbeat_s: number;
  server_ms: number;
}

/** All this kind of device may see, at `seq`. */
export interface Snapshot {
  t: "snapshot";
  epoch: number;
  seq: number;
  at_ms: number;
  view: View;
}

/** A snapshot: everything one kind of device may see at one seq. */
export interface View {
  shop: ShopView;
  device: DeviceView;
  stations: StationView[];
  places: PlaceView[];
  menu: Menu | null;
  orders: Order[];
  calls: Call[];
  announced: Utterance[];
  heard: Heard[];
  printing: PrintDesk | null;
  unseen: Unseen[];
  cards: CardDay | null;
}

/** What every screen of a shop shows about the shop. */
export interface ShopView {
  id: number;
  name: Text;
  timezone: string;
  call_after_finish_s: number | null;
  warn_percent: number;
}

/** The same words in Chinese and English. */
export interface Text {
  zh: string;
  en: string;
}

/** Who this screen is. */
export interface DeviceView {
  id: number;
  kind: DeviceKind;
  name: string;
  account: string;
  place_id: number | null;
  station_id: number | null;
  settings: ScreenSettings;
}

/** One screen's settings; null is "as the screen likes". */
export interface ScreenSettings {
  mode: "expo" | "station" | null;
  columns: number | null;
  rows: number | null;
  distance_cm: number | null;
  theme: "dark" | "light" | null;
  volume: number | null;
  language: "en" | "zh" | null;
  unfinished: "ask" | "never" | null;
}

/** 档口: where dishes are made. */
export interface StationView {
  id: number;
  name: Text;
}

/** Where a guest sits; `stay` counts the guests there, each ends when the place is cleared. */
export interface PlaceView {
  id: number;
  kind: PlaceKind;
  name: string;
  area: Text;
  stay: number;
}

/** What can be ordered, in the order it is shown. */
export interface Menu {
  categories: Category[];
  dishes: Dish[];
}

/** A heading of the menu. */
export interface Category {
  id: string;
  name: Text;
}

/** A dish of the menu. `target_s`: from its order to done; `stage_targets`: of each stage alone. */
export interface Dish {
  id: number;
  category: string;
  name: Text;
  about: Text;
  price_fen: number;
  station_id: number | null;
  target_s: number;
  modifier_groups: ModifierGroup[];
  allergens: string[];
  picture: string;
  spicy: number;
  sold_out: boolean;
  stage_targets: StageTargets;
}

/** Options of which `min` to `max` are picked. */
export interface ModifierGroup {
  id: string;
  name: Text;
  min: number;
  max: number;
  choices: ModifierChoice[];
}

/** One option a guest can pick. */
export interface ModifierChoice {
  id: string;
  name: Text;
  sign: "change" | "less" | "plus";
  price_fen: number;
  allergen: boolean;
}

/** How long a dish may wait to be begun, be cooked, wait to be fetched; in seconds, null: as long as it takes. */
export interface StageTargets {
  waiting_s: number | null;
  cooking_s: number | null;
  pick_up_s: number | null;
}

/** One guest's open order with all its rounds (`catering_order`). */
export interface Order {
  id: number;
  number: number;
  business_day: string;
  place_id: number;
  place_kind: PlaceKind;
  place_name: string;
  source: OrderSource;
  opened_at_ms: number;
  note: string;
  allergens: string[];
  items: Item[];
}

/** One line of an order as everybody sees it (`catering_order_goods`). */
export interface Item {
  id: number;
  order_id: number;
  round: number;
  dish_id: number;
  name: Text;
  quantity: number;
  modifiers: Modifier[];
  note: string;
  station_id: number | null;
  target_s: number;
  price_fen: number;
  state: ItemState;
  placed_at_ms: number;
  started_at_ms: number | null;
  ready_at_ms: number | null;
  called_at_ms: number | null;
  picked_up_at_ms: number | null;
  delivered_at_ms: number | null;
  cancelled_at_ms: number | null;
  by: string;
  version: number;
  fired_at_ms: number | null;
  rushed_at_ms: number | null;
  rushes: number;
  quantity_was: number | null;
  confirmed_at_ms: number | null;
  part_of: number | null;
  shown_at_ms: number | null;
  shown_on: string;
  unseen_at_ms: number | null;
  unseen_printed: boolean;
  picked_up_by_device: number | null;
}

/** A chosen way of making a dish: less (免), plus (加) or change (少辣). */
export interface Modifier {
  id: string;
  name: Text;
  sign: "change" | "less" | "plus";
  allergen: boolean;
}

/** One pad call (MsgType 4); it carries what a pad shows. */
export interface Call {
  id: number;
  order_id: number | null;
  item_id: number | null;
  number: number | null;
  place_kind: PlaceKind | null;
  place_name: string;
  dish: Text | null;
  quantity: number | null;
  state: CallState;
  rings: number;
  rings_max: number;
  interval_s: number;
  raised_at_ms: number;
  rang_at_ms: number;
  claimed_by: string;
  claimed_by_device: number | null;
  claimed_at_ms: number | null;
  escalated: boolean;
  event: CallEvent;
  text: Text | null;
  accounts: number[];
}

/** One ring of a call as ends hear and show it: the words, how they are said, until when. */
export interface Utterance {
  call_id: number;
  ring: number;
  rings_max: number;
  event: CallEvent;
  msg_type: 1 | 2 | 3 | 4;
  channels: Channel[];
  accounts: number[];
  text: Text;
  spoken: Text;
  audio: Record<string, string>;
  sound: string;
  priority: number;
  at_ms: number;
  expires_at_ms: number;
  place_id: number | null;
  item_id: number | null;
}

/** What became of one ring on one device, and which end that device is. */
export interface Heard {
  call_id: number;
  ring: number;
  device_id: number;
  device_name: string;
  stage: HeardStage;
  at_ms: number;
  channel: Channel | null;
  account_id: number | null;
}

/** What a cash desk must know of paper; `more` papers in doubt are older than those listed. */
export interface PrintDesk {
  printers: PrinterMark[];
  papers: Paper[];
  more: number;
}

/** A printer that does not print, since when. */
export interface PrinterMark {
  id: number;
  name: string;
  condition: "cover_open" | "cutter_error" | "error" | "not_private" | "offline" | "paper_out" | "ready" | "silent" | "unknown";
  since_ms: number;
}

/** A paper and what is known of it; `copy` above 1 carries 补打. `reason` is a stable code. */
export interface Paper {
  id: number;
  printer_id: number;
  printer: string;
  document: "label" | "receipt" | "test" | "ticket";
  title: string;
  copy: number;
  state: "confirmed" | "expired" | "failed" | "queued" | "sending" | "sent" | "uncertain";
  reason: string;
  made_at_ms: number;
  at_ms: number;
}

/** A round's dishes that no screen showed in time. `printed`: their tickets came out on paper. */
export interface Unseen {
  order_id: number;
  number: number;
  place_kind: string;
  place_name: string;
  dishes: UnseenDish[];
  printed: boolean;
  at_ms: number;
}

/** A dish no screen showed in time. */
export interface UnseenDish {
  item_id: number;
  name: Text;
  quantity: number;
  station: Text | null;
}

/** A shop's business day of cards: the newest trades, and what all of them come to. */
export interface CardDay {
  business_day: string;
  trades: Trade[];
  totals: CardTotals;
}

/** One movement of a card's money, or money set aside (交易). */
export interface Trade {
  id: number;
  kind: TradeKind;
  state: TradeState;
  card_id: number;
  number_masked: string;
  amount_fen: number;
  bonus_fen: number;
  refunded_fen: number;
  balance_fen: number;
  available_fen: number;
  at_ms: number;
  business_day: string;
  by: string;
  device_id: number | null;
  lines: TradeLine[];
  refers_to: number | null;
  serial: string;
  note: string;
}

/** What was consumed: a dish of the menu or by name, how many, for how much together. */
export interface TradeLine {
  name: Text;
  amount_fen: number;
  quantity: number;
  dish_id: number | null;
}

/** What the trades of a shop's day come to, counted and in fen. */
export interface CardTotals {
  top_ups: number;
  top_up_fen: number;
  bonus_fen: number;
  consumptions: number;
  consumed_fen: number;
  refunds: number;
  refunded_fen: number;
  closures: number;
  paid_out_fen: number;
}

/** One line of the shop's log; `event` carries its `kind` (`events/catalogue.py`). */
export interface EventFrame {
  t: "event";
  seq: number;
  at_ms: number;
  event: Event;
}

/** The remembered answer to the command with this id. */
export interface Reply {
  t: "reply";
  id: string;
  ok: boolean;
  result: Record<string, any> | null;
  refusal: RefusalBody | null;
}

/** Why not. */
export interface RefusalBody {
  code: string;
  sentence: string;
  retryable: boolean;
  detail: Record<string, any>;
}

/** Are you there? `seq` is the shop's head, `room_seq` the last line meant for this device. */
export interface PingOut {
  t: "ping";
  seq: number;
  room_seq: number;
  server_ms: number;
}

/** Answer to the device's ping, with the same figures as a ping. */
export interface PongOut {
  t: "pong";
  seq: number;
  room_seq: number;
  server_ms: number;
  sent_ms: number;
}

/** Whether this screen speaks for its kind: of several screens in one kitchen, one does. */
export interface Voice {
  t: "voice";
  speaks: boolean;
}

/** Quiet hours hold here for what these calls are about: what a screen sounds by itself is silent. */
export interface Quiet {
  t: "quiet";
  events: CallEvent[];
}

/** The gateway closes; wait `reconnect_after_ms` (null: do not come back by yourself). */
export interface ByeOut {
  t: "bye";
  code: number;
  reason: string;
  reconnect_after_ms: number | null;
}

/** A guest ordered: a new order (round 1) or a further round; `order.items` are the new ones. */
export interface OrderPlaced {
  kind: "OrderPlaced";
  order: Order;
  round: number;
}

/** Somebody began cooking. */
export interface ItemStarted {
  kind: "ItemStarted";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
}

/** The dish stands ready. */
export interface ItemFinished {
  kind: "ItemFinished";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
}

/** The waiters were told (again). */
export interface ItemCalled {
  kind: "ItemCalled";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
}

/** The dish left the kitchen, in the hands of who holds this device; a business service has none. */
export interface ItemPickedUp {
  kind: "ItemPickedUp";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
  device_id: number | null;
}

/** The guest has it. */
export interface ItemDelivered {
  kind: "ItemDelivered";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
}

/** The guest no longer wants it; nobody had begun. Refreshes screens, is not spoken (R-004-15). */
export interface ItemCancelled {
  kind: "ItemCancelled";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
  reason: string;
}

/** A step was a mistake: the dish is back in `state`, later time stamps are gone. */
export interface ItemUndone {
  kind: "ItemUndone";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
  state: ItemState;
}

/** Some portions go on by themselves as `item`; `quantity` is what stays of the dish. */
export interface ItemSplit {
  kind: "ItemSplit";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
  quantity: number;
  item: Item;
}

/** Another number of portions is wanted; nobody had begun. The cook confirms it. */
export interface ItemChanged {
  kind: "ItemChanged";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
  quantity: number;
  quantity_was: number | null;
}

/** The kitchen saw the change or the cancel. */
export interface ItemConfirmed {
  kind: "ItemConfirmed";
  order_id: number;
  item_id: number;
  at_ms: number;
  by: string;
  version: number;
}

/** They are not to be begun yet (等叫). */
export interface ItemsHeld {
  kind: "ItemsHeld";
  order_id: number;
  items: ItemMark[];
  at_ms: number;
  by: string;
}

/** One of several dishes that something happened to, and its row's version after it. */
export interface ItemMark {
  item_id: number;
  version: number;
}

/** They are to be begun now (起菜). */
export interface ItemsFired {
  kind: "ItemsFired";
  order_id: number;
  items: ItemMark[];
  at_ms: number;
  by: string;
}

/** Somebody waits for them (催菜); what was on hold is to be begun. */
export interface ItemsRushed {
  kind: "ItemsRushed";
  order_id: number;
  items: ItemMark[];
  at_ms: number;
  by: string;
}

/** A screen of their station painted these dishes; `by` is its name. */
export interface ItemsShown {
  kind: "ItemsShown";
  order_id: number;
  items: ItemMark[];
  at_ms: number;
  by: string;
  device_id: number;
}

/** No screen showed these dishes in time: the cash desk is told. */
export interface ItemsUnseen {
  kind: "ItemsUnseen";
  items: ItemMark[];
  unseen: Unseen;
}

/** A dish is sold out from now on, or can be had again. */
export interface DishSale {
  kind: "DishSale";
  dish_id: number;
  sold_out: boolean;
  at_ms: number;
  by: string;
}

/** A dish is on the menu like this from now on; a new one comes last. What was ordered before stays as it was. */
export interface DishPut {
  kind: "DishPut";
  dish: Dish;
}

/** A station is called like this from now on, or is new. */
export interface StationPut {
  kind: "StationPut";
  station: StationView;
}

/** The pads ring for a dish: for the first time, or anew because the cook called again. */
export interface CallRaised {
  kind: "CallRaised";
  call: Call;
}

/** Nobody came yet; the pads ring again. */
export interface CallRang {
  kind: "CallRang";
  call_id: number;
  rings: number;
  at_ms: number;
}

/** Somebody said "coming"; the other pads stop. */
export interface CallClaimed {
  kind: "CallClaimed";
  call_id: number;
  by: string;
  device_id: number | null;
  at_ms: number;
}

/** Who said "coming" cannot come after all; the call is everybody's again, and rings anew at once. */
export interface CallGivenBack {
  kind: "CallGivenBack";
  call_id: number;
  by: string;
  device_id: number | null;
  at_ms: number;
}

/** All rings went unanswered, or who claimed it did not come for long (`call.state` says which). */
export interface CallUnanswered {
  kind: "CallUnanswered";
  call: Call;
}

/** The reason for the call is gone. */
export interface CallEnded {
  kind: "CallEnded";
  call_id: number;
  reason: CallEnd;
  at_ms: number;
}

/** Who said "coming" did not come yet; their own device is told again. */
export interface CallReminded {
  kind: "CallReminded";
  call_id: number;
  device_id: number | null;
  at_ms: number;
}

/** The ends named in the utterance speak, show or refresh now; a cash desk lists it. */
export interface Announced {
  kind: "Announced";
  utterance: Utterance;
}

/** Where rings were heard, or why not; boards hear only of what a cook saw (看到了). */
export interface CallHeard {
  kind: "CallHeard";
  heard: Heard[];
}

/** The room was cleaned: its order, if any, is completed (R-004-16), and another stay begins. */
export interface PlaceCleaned {
  kind: "PlaceCleaned";
  place_id: number;
  order_id: number | null;
  at_ms: number;
  by: string;
  stay: number | null;
}

/** A device was given an account and a place. */
export interface DevicePaired {
  kind: "DevicePaired";
  device_id: number;
  device_kind: string;
  name: string;
}

/** A device stands elsewhere now; its account stays (R-004-30). */
export interface DeviceMoved {
  kind: "DeviceMoved";
  device_id: number;
  place_id: number | null;
  station_id: number | null;
}

/** A device's token no longer opens anything. */
export interface DeviceUnpaired {
  kind: "DeviceUnpaired";
  device_id: number;
}

/** Somebody changed a screen's settings; these are all of them now. */
export interface ScreenSet {
  kind: "ScreenSet";
  device_id: number;
  settings: ScreenSettings;
}

/** A device is called otherwise now; its account keeps its name. */
export interface DeviceRenamed {
  kind: "DeviceRenamed";
  device_id: number;
  name: string;
}

/** Somebody at a desk wants to see which screen this is: it flashes its name for some seconds. */
export interface DeviceSought {
  kind: "DeviceSought";
  device_id: number;
  at_ms: number;
  by: string;
}

/** 开卡: somebody has a card now. */
export interface CardOpened {
  kind: "CardOpened";
  card: CardFace;
  at_ms: number;
  by: string;
}

/** A card as screens may know it. */
export interface CardFace {
  id: number;
  user_code: number;
  account_code: number;
  number_masked: string;
  state: CardState;
  user_state: "frozen" | "open";
}

/** The card, or its holder, may not spend. */
export interface CardFrozen {
  kind: "CardFrozen";
  card: CardFace;
  at_ms: number;
  by: string;
}

/** The card, or its holder, may spend again. */
export interface CardUnfrozen {
  kind: "CardUnfrozen";
  card: CardFace;
  at_ms: number;
  by: string;
}

/** 补卡: the account has another number; the lost card opens nothing. */
export interface CardReplaced {
  kind: "CardReplaced";
  card: CardFace;
  at_ms: number;
  by: string;
}

/** 充值: money came onto a card, perhaps with a bonus. */
export interface CardToppedUp {
  kind: "CardToppedUp";
  trade: Trade;
}

/** 消费: a card paid. */
export interface CardConsumed {
  kind: "CardConsumed";
  trade: Trade;
}

/** 消费退款: a consumption was given back, wholly or in part. */
export interface CardRefunded {
  kind: "CardRefunded";
  trade: Trade;
  refunded: TradeChange;
}

/** What became of a consumption that was refunded, wholly or in part. */
export interface TradeChange {
  id: number;
  state: TradeState;
  refunded_fen: number;
}

/** 冻结资金: an amount was set aside. */
export interface CardFundsFrozen {
  kind: "CardFundsFrozen";
  trade: Trade;
}

/** 解冻资金: what was set aside may be spent again. */
export interface CardFundsReleased {
  kind: "CardFundsReleased";
  trade: Trade;
}

/** 销卡: what was paid in was paid out, the bonus lapsed, the card is closed. */
export interface CardClosed {
  kind: "CardClosed";
  trade: Trade;
  card: CardFace;
}

/** A printer stopped printing, or prints again (`ready`). */
export interface PrinterChanged {
  kind: "PrinterChanged";
  printer: PrinterMark;
}

/** Nobody knows whether this paper came out, or it did not: somebody has to decide. */
export interface PaperStuck {
  kind: "PaperStuck";
  paper: Paper;
}

/** Somebody decided: printed again with 补打, seen printed, or not wanted any more. */
export interface PaperSettled {
  kind: "PaperSettled";
  paper_id: number;
  outcome: "dropped" | "printed" | "reprinted";
  by: string;
  at_ms: number;
}
