"""How the page looks: light and dark, narrow and wide, on paper."""

CSS = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; white-space: pre-wrap; }
"""
