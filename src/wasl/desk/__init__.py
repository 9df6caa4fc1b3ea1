"""The holder's page: a small web application on 127.0.0.1 for clerks who do not use a command line.

It reads the holder's files with names in them, so it runs on the holder's machine, answers that machine only, and sends
nothing but encoded files, and these only when its user presses the button.
"""
