"""AE108: a loss weight is stored and never used."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        for weight in training.idle_weights:
            yield RULE.finding(
                f"the loss weight `{weight.name}` is stored and never used: every value of it trains the same",
                place=weight.place,
                model=training.graph,
                remedy="Multiply the term with it that it was meant for, or take it out.",
            )


_MODULE = """
class VAE(pl.LightningModule):
    def __init__(self, kl_coeff=0.1):
        super().__init__()
        self.kl_coeff = kl_coeff
        self.encoder = nn.Linear(784, 2 * 16)
        self.decoder = nn.Linear(16, 784)

    def forward(self, x):
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        return torch.sigmoid(self.decoder(z)), mu, log_var

    def training_step(self, batch, batch_index):
        x, _ = batch
        reconstruction, mu, log_var = self(x)
        kl = -0.5 * torch.mean(1 + log_var - mu ** 2 - log_var.exp())
        return F.mse_loss(reconstruction, x) + {kl}
"""

RULE = Rule(
    code="AE108",
    name="unused-loss-weight",
    severity="warning",
    summary="a loss weight is stored and never used",
    why=(
        "Whoever sets the weight believes that it balances the loss, tries several values, and compares runs that "
        "differ by their seed alone. It happened to the VAE of "
        "[lightning-bolts#328](https://github.com/Lightning-Universe/lightning-bolts/issues/328)."
    ),
    remedy="Multiply the term with the weight, or take the weight out.",
    fires=(Example(code=_MODULE.format(kl="kl"), says="`kl_coeff` has no effect"),),
    clean=(Example(code=_MODULE.format(kl="self.kl_coeff * kl")),),
    check=_check,
)
