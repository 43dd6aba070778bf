"""
The data set `sales`: a ledger of what shops sold, any number of rows of it.

Every value is a hash of its row's or its order's number, so rows are made by DuckDB at two million a second, and the
same on every machine with the same DuckDB.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from local.datasets.text import FIRST_NAMES, LAST_NAMES, SPECIAL

ROWS = 100_000
FILE_ROWS = 1_000_000
SELLERS = 250
FIRST_DAY, DAYS = "2023-01-01", 1096

REGIONS = {
    "Marmara": ("İstanbul", "Bursa", "Kocaeli", "Balıkesir", "Tekirdağ", "Sakarya", "Çanakkale"),
    "Ege": ("İzmir", "Manisa", "Aydın", "Denizli", "Muğla", "Uşak"),
    "Akdeniz": ("Antalya", "Adana", "Mersin", "Hatay", "Kahramanmaraş"),
    "İç Anadolu": ("Ankara", "Konya", "Kayseri", "Eskişehir", "Kırşehir", "Niğde"),
    "Karadeniz": ("Samsun", "Trabzon", "Ordu", "Çorum", "Düzce", "Gümüşhane"),
    "Doğu Anadolu": ("Van", "Malatya", "Erzurum", "Iğdır", "Ağrı", "Tunceli", "Muş", "Bingöl"),
    "Güneydoğu Anadolu": ("Şanlıurfa", "Gaziantep", "Diyarbakır", "Mardin", "Şırnak"),
}
PRODUCTS = {
    "Çay bardağı, 6'lı": 189, "Kahve fincanı": 145, "Bakır cezve": 420, "Ütü": 2399, "Elektrikli süpürge": 6499,
    "Şarjlı matkap": 3150, "Çelik tencere 24 cm": 1290, "Düdüklü tencere": 2190, "Yün kilim 120×180": 5400,
    "Pamuklu nevresim": 1150, "Işıklı ayna": 780, "Keten gömlek": 640, "İpek eşarp": 899, "Deri cüzdan": 549,
    "Günlük defter": 75, "Dolma kalem": 350, "Oyuncak tren": 460, "Çocuk bisikleti": 4250, "Zeytinyağı 5 L": 1375,
    "Antep fıstığı 1 kg": 950, "Türk kahvesi 250 g": 165, "Bal 850 g": 420, "Şampuan": 129, "Kablosuz kulaklık": 1899,
}  # fmt: skip

MACROS = """
create macro roll(key, salt, sides) as (hash(hash(key, salt)) % sides)::bigint;  -- twice: one salt is only an XOR
create macro pick(choices, key, salt) as choices[1 + roll(key, salt, len(choices))];
"""
# Seven rows are three orders, of 1, 2 and 4 lines. Business grows, has its seasons, and moves to the web.
RECORDS = """
with numbered as (
    select range as n, range // 7 * 3 + [0, 1, 1, 2, 2, 2, 2][range % 7 + 1] as o,
        [1, 1, 2, 1, 2, 3, 4][range % 7 + 1] as line, pow(o / $orders, 0.8) as passed
    from range($first, $end)
),
drawn as (
    select *, $first_day::date + floor($days * (passed + 0.02 * sin(6 * pi() * passed)))::int as sold_on,
        pick($cities, o, 'city') as place, roll(o, 'channel', 100) as channel_roll,
        pick($products, n, 'product') as thing, 1 + roll(n, 'quantity', 4) * roll(n, 'more', 4) as pieces
    from numbered
)
select
    n + 1 as id,
    sold_on,
    'S' || year(sold_on) || '-' || lpad((o + 1)::varchar, 8, '0') as order_no,
    line,
    (1 + roll(o, 'seller', $sellers))::varchar as user_id,
    case
        when o % 25 = 0 then $special[1 + o // 25 % len($special)]
        when roll(o, 'unnamed', 100) >= 3 then pick($first_names, o, 'first') || ' ' || pick($last_names, o, 'last')
    end as customer,
    place.city as city,
    place.region as region,
    case
        when channel_roll < 10 then 'phone'
        when channel_roll < 28 then 'marketplace'
        when channel_roll < 48 + 25 * passed then 'web'
        else 'store'
    end as channel,
    thing.name as product,
    (case when roll(n, 'returned', 50) = 0 then -pieces else pieces end)::int as quantity,
    (thing.price * (900 + roll(n, 'price', 200)) // 10 / 100)::decimal(18, 2) as unit_price,
    (quantity * unit_price)::decimal(18, 2) as amount
from drawn
"""


def write_sales(folder: Path, rows: int = ROWS) -> None:
    """Write `sales-001.parquet` and so on, at most a million rows each, in the order of time."""
    with duckdb.connect(config={"threads": 1}) as con:  # one thread, so that the same rows give the same bytes
        con.execute(MACROS)
        for number, first in enumerate(range(0, rows, FILE_ROWS), 1):
            span = {"first": first, "end": min(rows, first + FILE_ROWS), "orders": rows // 7 * 3 + 3}
            file = folder / f"sales-{number:03}.parquet"
            con.sql(RECORDS, params={**CONSTANTS, **span}).write_parquet(str(file), compression="zstd")


CONSTANTS: Mapping[str, Any] = {
    "first_day": FIRST_DAY,
    "days": DAYS,
    "sellers": SELLERS,
    "cities": [{"city": city, "region": region} for region, cities in REGIONS.items() for city in cities],
    "products": [{"name": name, "price": price} for name, price in PRODUCTS.items()],
    "first_names": list(FIRST_NAMES),
    "last_names": list(LAST_NAMES),
    "special": list(SPECIAL),
}
