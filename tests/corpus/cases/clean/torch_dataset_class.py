#: modelled on: own data sets (clementchadebec/benchmark_VAE #35, #153)
#: shows: a Dataset class, collate functions and argparse around a plain network
import argparse
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from PIL import Image
from pathlib import Path
import numpy as np

class Pictures(Dataset):
    def __init__(self, folder, size=64):
        self.files = sorted(Path(folder).glob('*.jpg'))
        self.size = size

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        image = Image.open(self.files[index]).convert('RGB').resize((self.size, self.size))
        return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255

class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, width, 4, 2, 1), nn.ReLU(), nn.Conv2d(width, 8, 4, 2, 1))
        self.dec = nn.Sequential(nn.ConvTranspose2d(8, width, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(width, 3, 4, 2, 1))

    def forward(self, x):
        return self.dec(self.enc(x)).sigmoid()

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder')
    parser.add_argument('--width', type=int, default=48)
    parser.add_argument('--epochs', type=int, default=10)
    options = parser.parse_args()
    net = Net(options.width)
    loader = DataLoader(Pictures(options.folder), batch_size=32, shuffle=True, drop_last=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    for epoch in range(options.epochs):
        for x in loader:
            loss = nn.functional.mse_loss(net(x), x)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        scheduler.step()

if __name__ == '__main__':
    main()
