"""What people say of a cooperative (name, industry, products), checked."""

import unicodedata
from collections.abc import Iterator, Sequence

from schema.products import checked_product, product_key
from schema.refusals import Refusal, RefusalCode, Refused, refuse
from schema.texts import checked_line

MOST_PRODUCTS = 50


def checked_name(given: str, *path: str) -> str | Refused:
    """The name of a cooperative, 1 to 100 characters with a letter or number."""
    name = checked_line(given, RefusalCode.NAME_MALFORMED, *path)
    if isinstance(name, Refused) or any(unicodedata.category(sign)[0] in "LN" for sign in name):
        return name
    return refuse(
        RefusalCode.NAME_MALFORMED,
        f"名称“{name}”中没有文字或数字。",
        f"The name {name!r} has no letter or digit.",
        *path,
    )


def checked_industry(given: str, industries: Sequence[str], *path: str) -> str | Refused:
    """A key of the province's vocabulary, which has the keys `industries`."""
    if given in industries:
        return given
    shown, there = given[:40], industries
    return refuse(
        RefusalCode.INDUSTRY_UNKNOWN,
        f"全省产业词汇中没有“{shown}”;可用:{'、'.join(there) or '无'}。",
        f"The province's vocabulary has no industry {shown!r}; there are: "
        f"{', '.join(there) or 'none'}.",
        *path,
    )


def checked_products(given: Sequence[str], *path: str) -> list[str] | Refused:
    """Names of products, none twice; there may be none."""
    if len(given) > MOST_PRODUCTS:
        return refuse(
            RefusalCode.PRODUCT_MALFORMED,
            f"给出 {len(given)} 个产品,至多 {MOST_PRODUCTS} 个。",
            f"{len(given)} products are given; {MOST_PRODUCTS} are the most.",
            *path,
        )
    found: list[str] = []
    reasons: list[Refusal] = []
    for at, name in enumerate(given):
        product = checked_product(name, *path, str(at))
        if isinstance(product, Refused):
            reasons += product.refusals
        else:
            found.append(product)
    reasons += _twice(found, path)
    return Refused(tuple(reasons)) if reasons else found


def _twice(products: Sequence[str], path: Sequence[str]) -> Iterator[Refusal]:
    keys = [product_key(product) for product in products]
    for at, (product, key) in enumerate(zip(products, keys, strict=True)):
        if key in keys[:at]:
            yield Refusal(
                RefusalCode.PRODUCT_MALFORMED,
                f"产品“{product}”重复。",
                f"The product {product!r} is given twice.",
                ("input", *path),
            )
