#: modelled on: training scripts of 2024: compile, channels_last, bf16
#: shows: wrappers leave the network what it is
import torch
from torch import nn

class AE(nn.Module):
    def __init__(self, w=64):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, w, 4, 2, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(inplace=True), nn.Conv2d(w, 8, 4, 2, 1))
        self.up = nn.Sequential(nn.Conv2d(8, w, 3, 1, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(inplace=True), nn.Upsample(scale_factor=4), nn.Conv2d(w, 3, 3, 1, 1))

    def forward(self, x):
        return torch.sigmoid(self.up(self.down(x)))

model = AE().to(memory_format=torch.channels_last)
step_model = torch.compile(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
for epoch in range(20):
    model.train()
    for x, _ in loader:
        x = x.to(memory_format=torch.channels_last)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(step_model(x), x)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
model.eval()
with torch.no_grad():
    recon = model(sample)
