# Whether every element of the page on standard input is closed where it should be.
import html.parser
import sys

stack = []


class Page(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "input"):
            stack.append(tag)

    def handle_endtag(self, tag):
        assert stack and stack.pop() == tag, (tag, self.getpos())


Page().feed(sys.stdin.read())
print("open at the end:", stack)
