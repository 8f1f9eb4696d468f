"""Examples of the loss rules: a whole small training in Keras and one in PyTorch, with gaps."""

KERAS = """
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train = x_train.astype('float32'){scale}
image = Input((32, 32, 3))
x = Conv2D(16, 3, strides=2, padding='same', activation='relu')(image)
decoded = Conv2DTranspose(3, 4, strides=2, {activation}padding='same')(x)
autoencoder = Model(image, decoded)
autoencoder.compile(optimizer='adam', loss={loss})
autoencoder.fit(x_train, x_train, epochs=20, batch_size=128)
"""
"""Gaps: `scale`, `activation` (with a comma behind it), `loss`."""

TORCH = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 16, 4, stride=2, padding=1), nn.ReLU())
        self.decoder = nn.ConvTranspose2d(16, 3, 4, stride=2, padding=1)

    def forward(self, images):
        return {output}

loader = DataLoader(CIFAR10('data', train=True, transform=ToTensor()), batch_size=128, shuffle=True)
model = AutoEncoder()
criterion = {loss}
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    for images, _ in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), images)
        loss.backward()
        optimizer.step()
"""
"""Gaps: `output`, `loss`."""

VAE = """
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(784, 400)
        self.mean = nn.Linear(400, 20)
        self.log_variance = nn.Linear(400, 20)
        self.hidden = nn.Linear(20, 400)
        self.decoder = nn.Linear(400, 784)

    def reparameterize(self, mu, logvar):
        return mu + torch.exp(0.5 * logvar) * torch.randn_like(logvar)

    def forward(self, x):
        h = F.relu(self.encoder(x.view(-1, 784)))
        mu, logvar = self.mean(h), self.log_variance(h)
        z = self.reparameterize(mu, logvar)
        return torch.sigmoid(self.decoder(F.relu(self.hidden(z)))), mu, logvar

model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, _ in loader:
    optimizer.zero_grad()
    recon, mu, logvar = model(x)
    reconstruction = F.binary_cross_entropy(recon, x.view(-1, 784), reduction='{reduction}')
    kl = {kl}
    loss = reconstruction + {weight}kl
    loss.backward()
    optimizer.step()
"""
"""Gaps: `reduction`, `kl`, `weight`."""

KL_SUM = "-0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())"
KL_MEAN = "-0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())"
