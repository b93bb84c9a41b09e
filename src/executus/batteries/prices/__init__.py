"""What model calls cost: offline price data (extra `prices`) and the host's own table."""

from executus.batteries.prices.offline import DEFAULT_CATALOGUES, OfflinePrices
from executus.batteries.prices.pricetable import Price, PriceTable

__all__ = ["DEFAULT_CATALOGUES", "OfflinePrices", "Price", "PriceTable"]
