#: modelled on: adversarial autoencoders (BiGAN, ALI, VQ-GAN): detach where the other player must not learn
#: shows: the discriminator sees `rec.detach()`; the autoencoder gets its gradient in the other step
import torch
from torch import nn
import torch.nn.functional as F

ae = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 8, 4, 2, 1),
                   nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh())
disc = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 1, 4, 2, 1))
g_opt, d_opt = torch.optim.Adam(ae.parameters(), 2e-4), torch.optim.Adam(disc.parameters(), 2e-4)
for x in loader:
    x = x * 2 - 1
    rec = ae(x)
    g_loss = F.l1_loss(rec, x) - 0.1 * disc(rec).mean()
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    d_loss = F.relu(1 - disc(x)).mean() + F.relu(1 + disc(rec.detach())).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
