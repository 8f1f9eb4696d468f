#: modelled on: multi-GPU scripts
#: shows: the model is wrapped in DataParallel / DDP, trained and unwrapped for saving
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel as DDP

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 8, 4, 2, 1))
        self.d = nn.Sequential(nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        return self.d(self.e(x))

def main(rank, world):
    model = AE().to(rank)
    if world > 1:
        model = DDP(model, device_ids=[rank])
    elif torch.cuda.device_count() > 1:
        model = nn.DataParallel(model)
    opt = torch.optim.AdamW(model.parameters(), lr=3e-4)
    scaler = torch.amp.GradScaler()
    for epoch in range(10):
        model.train()
        for x, _ in loader:
            opt.zero_grad(set_to_none=True)
            with torch.autocast('cuda'):
                loss = nn.functional.mse_loss(model(x.to(rank)), x.to(rank))
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
    core = model.module if hasattr(model, 'module') else model
    torch.save(core.state_dict(), 'ae.pt')
