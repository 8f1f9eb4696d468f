#: modelled on: yanx27/GACNet #8, fxia22/pointnet.pytorch PR 19: pictures are made in training mode
#: shows: dropout is on while the reconstructions are saved
import torch
from torch import nn
from torchvision.utils import save_image

class DropAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Dropout2d(0.3), nn.Conv2d(32, 8, 4, 2, 1))
        self.up = nn.Sequential(nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        return self.up(self.down(x))

def main():
    model = DropAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.MSELoss()
    for epoch in range(10):
        model.train()
        for batch, _ in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(batch), batch)
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        pics, _ = next(iter(test_loader))
        recon = model(pics)  # expect: AE607
        save_image(torch.cat([pics, recon]), 'recon.png')

if __name__ == '__main__':
    main()
