#: modelled on: networks without classes, parameters in a list
#: shows: F.conv2d with tensors of one's own; gradients by torch.autograd.grad
import torch
import torch.nn.functional as F

w1 = torch.randn(16, 1, 4, 4).mul_(0.1).requires_grad_()
w2 = torch.randn(4, 16, 4, 4).mul_(0.1).requires_grad_()
w3 = torch.randn(4, 16, 4, 4).mul_(0.1).requires_grad_()
w4 = torch.randn(16, 1, 4, 4).mul_(0.1).requires_grad_()
params = [w1, w2, w3, w4]

def model(x):
    h = F.relu(F.conv2d(x, w1, stride=2, padding=1))
    z = F.conv2d(h, w2, stride=2, padding=1)
    h = F.relu(F.conv_transpose2d(z, w3, stride=2, padding=1))
    return F.conv_transpose2d(h, w4, stride=2, padding=1)

for x in loader:
    loss = F.mse_loss(model(x), x)
    grads = torch.autograd.grad(loss, params)
    with torch.no_grad():
        for p, g in zip(params, grads):
            p -= 0.1 * g
