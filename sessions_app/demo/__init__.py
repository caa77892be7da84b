"""A first minute for newcomers: recordings of real sessions happen now, and a page shows the posts as a channel would.

The real watcher reads the store that is written here, and its real publisher talks to the stand-in of this room.
Nothing else in the product knows this room.
"""
