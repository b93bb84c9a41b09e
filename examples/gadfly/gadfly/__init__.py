"""gadfly: reviews a pull request with several models through several lenses, in CI.

A light host of executus: it imports the core alone. Copy the folder and change what you like.
"""
