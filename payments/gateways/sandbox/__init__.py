"""The sandbox: a gateway of our own, offline, with real PIX codes and a page to do all a buyer can do."""
