"""The only modules that import Rasa."""
