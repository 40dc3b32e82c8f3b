"""`imagebus viewer`: a Faust app that shows the chain's topics in a browser.

Imports `web.auth`, `web.live`, `web.counts` and `web.assets`. Begin with `app.py`, then `site.py`.
"""
