"""Two brands with packages and keys, and a queue of marketing messages as a campaign leaves it.

The queue is written set by set, as accepting would have written it: requests, messages, copies, and the
freezes in the ledger by the cost centre itself.
"""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path

import asyncpg

from bench.sms.carrier import ACCOUNT, PASSWORD, PUSHED, RECEIVER
from server.auth import new_key
from server.billing.teller import Teller
from server.clock import SystemClock, to_ms
from server.ids import IdMint
from server.settings import Settings
from server.sms.costcentre import CostCentre
from server.sms.packages import Packages, Purchase
from server.sms.phones import Phone, open_phones

BRANDS = (1, 2)
GRANTED = 50_000_000
PER_REQUEST = 1_000
EARLIER = timedelta(hours=1)

ADD_BRANDS = """
INSERT INTO brand (id, name) VALUES (1, '{"zh": "本家", "en": "Ours"}'), (2, '{"zh": "别家", "en": "Others"}')
"""
ADD_CLIENT = """
INSERT INTO api_client (brand_id, id, name, roles, rate_per_s, burst_max)
VALUES ($1, 1, 'bench', '{business,money}', 10000, 100000)
"""
ADD_KEY = """
INSERT INTO api_key (brand_id, client_id, slot, id, secret, made_at) VALUES ($1, 1, 1, $2, $3, now())
"""
ADD_REQUESTS = """
INSERT INTO sms_request (brand_id, number, digest, first_id, last_id, messages, segments, at)
SELECT $1, u.number, '', $2::bigint + (u.ord - 1) * $4::integer, $2 + u.ord * $4 - 1, $4, $4, $3::timestamptz
  FROM unnest($5::uuid[]) WITH ORDINALITY u(number, ord)
"""
ADD_MESSAGES = """
INSERT INTO sms_message (brand_id, id, kind, mode, phones, segments, number, text, expires_at, due_at, accepted_at)
SELECT $1, $2::bigint + (u.ord - 1) * $4::integer + i, 'marketing', 'single', 1, 1, u.number, '【传菜】今晚饺子半价',
       $3::timestamptz + interval '1 day', $3, $3
  FROM unnest($5::uuid[]) WITH ORDINALITY u(number, ord) CROSS JOIN generate_series(0, $4 - 1) i
"""
ADD_PHONES = """
INSERT INTO sms_phone (brand_id, message_id, mark, sealed, masked)
SELECT $1, $2::bigint + i, $4::bytea, $5::bytea, '138****8000' FROM generate_series(0, $3::integer - 1) i
"""
LEFT = "SELECT count(*) FROM sms_message WHERE state = 'queued' AND brand_id = $1 AND kind = 'marketing'"
OWED = """
SELECT (SELECT count(*) FROM sms_message WHERE state <> 'sent') + (SELECT count(*) FROM sms_receipt)
"""
HAVE = "SELECT posted, held FROM ledger.account WHERE owner = $1 AND unit = 'SMS'"
CARRIERS = f"""
[[carrier]]
kind = "chuanglan"
name = "chuanglan"
per_s = 20000.0
burst = 2000

[carrier.account]
account = "{ACCOUNT}"
password = "{PASSWORD}"
receipt_user = "{RECEIVER}"
receipt_password = "{PUSHED}"
url = "%s"
"""


async def lay_ground(pool: asyncpg.Pool, folder: Path, url: str) -> dict[int, tuple[str, str]]:
    """Write the brands, their packages and the carriers' file; return each brand's key."""
    file = folder / "carriers.toml"
    file.write_text(CARRIERS % url)
    file.chmod(0o600)
    await pool.execute(ADD_BRANDS)
    clock = SystemClock()
    centre = CostCentre(pool, Teller(pool, clock), clock)
    keys = {}
    for brand in BRANDS:
        purchase = Purchase(order_no="MALL-1", segments=GRANTED, price_fen=1)
        await Packages(pool, centre, clock).buy(brand, purchase)
        keys[brand] = new_key()
        await pool.execute(ADD_CLIENT, brand)
        await pool.execute(ADD_KEY, brand, *keys[brand])
    return keys


async def queue_marketing(pool: asyncpg.Pool, folder: Path, messages: int) -> None:
    """Queue so many marketing messages of the first brand, one telephone each."""
    clock = SystemClock()
    at = clock.now() - EARLIER
    first = IdMint().next_id(to_ms(at))
    centre = CostCentre(pool, Teller(pool, clock), clock)
    numbers = [uuid.uuid4() for _ in range(messages // PER_REQUEST)]
    await asyncio.gather(*(centre.pre_pay(BRANDS[0], one, PER_REQUEST) for one in numbers))
    phones = await open_phones(Settings(data_dir=folder), pool, clock)
    phone = Phone("8613800138000")
    rows = (BRANDS[0], first, at, PER_REQUEST, numbers)
    await pool.execute(ADD_REQUESTS, *rows, timeout=300)
    await pool.execute(ADD_MESSAGES, *rows, timeout=300)
    copies = (BRANDS[0], first, messages, phones.index(phone), phones.seal(phone))
    await pool.execute(ADD_PHONES, *copies, timeout=300)
    await pool.execute("VACUUM ANALYZE", timeout=300)
