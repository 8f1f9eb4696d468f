#: modelled on: pytorch/pytorch #47175 ("calling it at the beginning of each epoch instead of each iteration")
#: shows: zero_grad stands in the outer loop
import torch
import torch.nn.functional as F

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.e = torch.nn.Conv2d(3, 12, 8, stride=8)
        self.d = torch.nn.ConvTranspose2d(12, 3, 8, stride=8)

    def forward(self, x):
        return self.d(self.e(x))

net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(30):
    opt.zero_grad()
    for images, _ in loader:
        loss = F.mse_loss(net(images), images)
        loss.backward()  # expect: AE606/a
        opt.step()  # expect: AE606/a
