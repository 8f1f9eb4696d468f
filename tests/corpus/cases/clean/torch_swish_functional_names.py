#: modelled on: code with camelCase, no spaces, Spanish and German names
#: shows: names and style change nothing
import torch,torch.nn as nn,torch.nn.functional as F
class redNeuronal(nn.Module):
  def __init__(self,canales=3,tamLatente=40):
    super(redNeuronal,self).__init__()
    self.bajada1=nn.Conv2d(canales,32,4,2,1); self.bajada2=nn.Conv2d(32,64,4,2,1)
    self.aLatente=nn.Linear(64*8*8,tamLatente)
    self.deLatente=nn.Linear(tamLatente,64*8*8)
    self.subida1=nn.ConvTranspose2d(64,32,4,2,1); self.subida2=nn.ConvTranspose2d(32,canales,4,2,1)
  def codificar(self,imagen):
    x=F.silu(self.bajada1(imagen)); x=F.silu(self.bajada2(x))
    return self.aLatente(x.flatten(1))
  def decodificar(self,z):
    x=F.silu(self.deLatente(z)).reshape(-1,64,8,8)
    x=F.silu(self.subida1(x))
    return torch.sigmoid(self.subida2(x))
  def forward(self,imagen): return self.decodificar(self.codificar(imagen))
modelo=redNeuronal(); opt=torch.optim.Adam(modelo.parameters(),lr=.001)
for epoca in range(20):
  for lote,_ in cargador:
    salida=modelo(lote); perdida=F.mse_loss(salida,lote)
    opt.zero_grad(); perdida.backward(); opt.step()
