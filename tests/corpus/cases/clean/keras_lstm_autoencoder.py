#: modelled on: cran2367/lstm_autoencoder_classifier: an autoencoder of sequences
#: shows: no pictures, no convolutions: nothing to say
from keras.models import Sequential
from keras.layers import LSTM, RepeatVector, TimeDistributed, Dense

model = Sequential()
model.add(LSTM(32, activation='relu', input_shape=(30, 5), return_sequences=True))
model.add(LSTM(16, activation='relu'))
model.add(RepeatVector(30))
model.add(LSTM(16, activation='relu', return_sequences=True))
model.add(LSTM(32, activation='relu', return_sequences=True))
model.add(TimeDistributed(Dense(5)))
model.compile(optimizer='adam', loss='mse')
model.fit(series, series, epochs=20, validation_split=0.1)
