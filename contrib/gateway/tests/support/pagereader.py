"""A page as a strict reader finds it: elements properly nested, attributes, visible text."""

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input"}
WORDS = """html head meta title link script body a header img span b nav ul li svg path main
noscript p div h1 h2 h3 section article footer dl dt dd pre code time table thead tbody tr th td
form label input select option textarea fieldset legend button details summary q"""
KNOWN = frozenset(WORDS.split())


class ConsolePage(HTMLParser):
    """Refuses what is not nested properly; knows every element that a template writes."""

    def __init__(self, html):
        super().__init__()
        self.html = html
        self.elements, self.open, self.text, self.ids = [], [], "", []
        self.feed(html)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids)), self.ids

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), attrs
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for key, value in attrs if key == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **wanted):
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in wanted.items()}
        return [
            attrs
            for name, attrs in self.elements
            if name == tag and wanted.items() <= attrs.items()
        ]

    @property
    def names(self):
        return {name for name, _ in self.elements}
