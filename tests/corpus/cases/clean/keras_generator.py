#: modelled on: keras-team/keras #12512: ImageDataGenerator with class_mode='input'
#: shows: rescale=1/255 in the generator; pictures are their own targets; a folder of validation pictures
from keras.preprocessing.image import ImageDataGenerator
from keras.models import Sequential
from keras.layers import Conv2D, MaxPooling2D, UpSampling2D

datagen = ImageDataGenerator(rescale=1./255)
train_generator = datagen.flow_from_directory('train', target_size=(128, 128), batch_size=32, class_mode='input')
val_generator = datagen.flow_from_directory('val', target_size=(128, 128), batch_size=32, class_mode='input')

model = Sequential()
model.add(Conv2D(32, (3, 3), activation='relu', padding='same', input_shape=(128, 128, 3)))
model.add(MaxPooling2D((2, 2), padding='same'))
model.add(Conv2D(8, (3, 3), activation='relu', padding='same'))
model.add(MaxPooling2D((2, 2), padding='same'))
model.add(Conv2D(8, (3, 3), activation='relu', padding='same'))
model.add(UpSampling2D((2, 2)))
model.add(Conv2D(32, (3, 3), activation='relu', padding='same'))
model.add(UpSampling2D((2, 2)))
model.add(Conv2D(3, (3, 3), activation='sigmoid', padding='same'))
model.compile(optimizer='adam', loss='mse')
model.fit_generator(train_generator, epochs=50, validation_data=val_generator)
