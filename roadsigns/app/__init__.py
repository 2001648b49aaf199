"""The web app: a page of signs to click, and a proxy to the model server that answers.

Nothing here needs TensorFlow, Keras or NumPy: the app's container has Python, httptools and this package alone. Only
`appdata`, which makes the page's pictures, and `own_server`, which runs a model server beside the app, ask for more.
"""
