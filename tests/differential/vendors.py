"""The vendors under comparison; a new one is a module with a table, and one line here."""

import openai_vendor

VENDORS = (openai_vendor.VENDOR,)
