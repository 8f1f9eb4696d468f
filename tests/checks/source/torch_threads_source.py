"""PyTorch code modelled on what people asked in threads (docs: facts, section 5), in our own words."""

HEAD = """
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
"""

SMALL = (
    HEAD
    + """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU())
        self.dec = nn.Sequential(nn.ConvTranspose2d(16, 3, 4, stride=2, padding=1){last})

    def forward(self, x):
        return self.dec(self.enc(x))

{transform}
train_set = datasets.CIFAR10("data", train=True, download=True, transform=transform)
test_set = datasets.CIFAR10("data", train=False, transform=transform)
train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
test_loader = DataLoader(test_set, batch_size=256)
model = AutoEncoder()
criterion = {loss}
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(12):
    model.train()
    for images, _ in train_loader:
        {zero}
        output = model(images)
        loss = {expression}
        {backward}
        optimizer.step()
    {evaluate}
    with torch.no_grad():
        for images, _ in test_loader:
            output = model(images)
            print(criterion(output, images).item())
"""
)


def small(
    *,
    last: str = ", nn.Sigmoid()",
    transform: str = "transform = transforms.ToTensor()",
    loss: str = "nn.MSELoss()",
    zero: str = "optimizer.zero_grad()",
    expression: str = "criterion(output, images)",
    backward: str = "loss.backward()",
    evaluate: str = "model.eval()",
) -> str:
    """A small autoencoder and its training loop, with parts exchanged."""
    return SMALL.format(
        last=last, transform=transform, loss=loss, zero=zero, expression=expression, backward=backward,
        evaluate=evaluate,
    )  # fmt: skip


UNUSED_PARAMETERS = (
    HEAD
    + """
class Net(nn.Module):  # pytorch/pytorch 22436, 57776; ImprintLab/MedSegDiff 27
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.skip = nn.Conv2d(3, 8, 1)
        self.heads = nn.ModuleList([nn.Conv2d(8, 3, 3, padding=1) for _ in range(3)])

    def forward(self, x):
        h = F.relu(self.a(x))
        return self.heads[0](h) + self.heads[2](h)
"""
)

NEVER_NORMALISES = (
    HEAD
    + """
class BatchNorm2d(nn.BatchNorm2d):  # feinanshan/FANet 5
    def __init__(self, features, activation="relu"):
        super().__init__(features)
        self.activation = activation

    def forward(self, x):
        if self.activation == "relu":
            return F.relu(x)
        return x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = BatchNorm2d(8)
        self.out = nn.Conv2d(8, 3, 1)

    def forward(self, x):
        return self.out(self.bn(self.conv(x)))
"""
)

IDLE_WEIGHT = (
    HEAD
    + """
class VAE(nn.Module):  # Lightning-Universe/lightning-bolts 328
    def __init__(self, latent=16, kl_coeff=0.1):
        super().__init__()
        self.kl_coeff = kl_coeff
        self.enc = nn.Linear(784, 2 * latent)
        self.dec = nn.Linear(latent, 784)

    def forward(self, x):
        mu, logvar = self.enc(x.view(x.size(0), -1)).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return torch.sigmoid(self.dec(z)), mu, logvar

vae = VAE()
opt = torch.optim.Adam(vae.parameters())
loader = DataLoader(datasets.MNIST(".", train=True, transform=transforms.ToTensor()), batch_size=64)
for images, _ in loader:
    recon, mu, logvar = vae(images)
    bce = F.binary_cross_entropy(recon, images.view(-1, 784), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    opt.zero_grad()
    (bce + kld).backward()
    opt.step()
"""
)

REUSED_BLOCK = (
    HEAD
    + """
class Denoiser(nn.Module):  # joeylitalien/noise2noise-pytorch 7
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 48, 3, padding=1)
        self.middle = nn.Conv2d(48, 48, 3, padding=1)
        self.last = nn.Conv2d(48, 3, 3, padding=1)

    def forward(self, x):
        x = F.leaky_relu(self.first(x), 0.1)
        for _ in range(4):
            x = F.leaky_relu(self.middle(x), 0.1)
        return self.last(x)
"""
)

PERCEPTUAL = (
    HEAD
    + """
class Features(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())

    def forward(self, x):
        return self.net(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return self.body(x)

net, vgg = Net(), Features().eval()
for p in vgg.parameters():
    p.requires_grad = False
opt = torch.optim.AdamW(net.parameters(), lr=1e-4)
loader = DataLoader(datasets.CIFAR10("d", transform=transforms.ToTensor()), batch_size=8)
for x, _ in loader:  # diffusers' training script of the autoencoder
    y = net(x)
    {context}
        perceptual = F.mse_loss(vgg(y), vgg(x))
    loss = F.l1_loss(y, x) + 0.1 * perceptual
    opt.zero_grad()
    loss.backward()
    opt.step()
"""
)

ODD_SIZES = (
    HEAD
    + """
class Net(nn.Module):  # keras-team/keras 3489 in PyTorch
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), *[nn.MaxPool2d(2) for _ in range(3)])
        self.up = nn.Sequential(nn.Upsample(scale_factor=8), nn.Conv2d(8, 1, 3, padding=1), nn.Sigmoid())

    def forward(self, x):
        return self.up(self.down(x))

net = Net()
for x, _ in DataLoader(datasets.MNIST(".", train=True, transform=transforms.ToTensor()), batch_size=32):
    net(x)
"""
)
