"""mort: a chat bot with personas, memory, a budget and a schedule, whose work outlives its process.

A heavy host of executus: it uses every battery. Copy the folder and change what you like.
"""
