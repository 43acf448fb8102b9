"""`sat verify`: single GEMMs or training steps on a simulator, compared with the functional engine and the model."""
