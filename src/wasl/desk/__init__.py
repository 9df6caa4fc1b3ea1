"""The holder's page: a small web application on 127.0.0.1 for clerks who do not use a command line.

It reads files with names in them. So it runs on the holder's machine and answers that machine only. It sends nothing
but encoded files, and these only when its user presses the button.
"""
