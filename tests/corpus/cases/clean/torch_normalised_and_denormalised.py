#: modelled on: Normalize((0.5,)*3, (0.5,)*3) and Tanh, pictures brought back for saving
#: shows: [-1, 1] on both sides
import torch
from torch import nn
from torchvision import datasets, transforms
from torchvision.utils import save_image

tf = transforms.Compose([transforms.Resize(64), transforms.CenterCrop(64), transforms.ToTensor(),
                         transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])
loader = torch.utils.data.DataLoader(datasets.ImageFolder('faces', tf), batch_size=64, shuffle=True)
ae = nn.Sequential(nn.Conv2d(3, 64, 4, 2, 1), nn.SiLU(), nn.Conv2d(64, 16, 4, 2, 1),
                   nn.ConvTranspose2d(16, 64, 4, 2, 1), nn.SiLU(), nn.ConvTranspose2d(64, 3, 4, 2, 1), nn.Tanh())
opt = torch.optim.Adam(ae.parameters(), lr=2e-4)
for epoch in range(50):
    ae.train()
    for x, _ in loader:
        y = ae(x)
        loss = nn.functional.l1_loss(y, x)
        opt.zero_grad()
        loss.backward()
        opt.step()
    ae.eval()
    with torch.no_grad():
        save_image(ae(x[:8]) * 0.5 + 0.5, f'{epoch}.png')
