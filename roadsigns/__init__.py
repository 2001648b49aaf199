"""German road signs, from pictures to a trained, evaluated and served classifier.

Importing this package loads neither Keras nor TensorFlow nor NumPy; its rooms do, when they are asked to work.
"""

__version__ = "0.1.0"
