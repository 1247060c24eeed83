"""What every sound run of a task with a linear VAE satisfies."""

from vaebench.claims import Beyond, Claim

LINEAR_VAE_LANDS = Claim(
    "linear_vae_lands_on_closed_form",
    "A trained linear VAE has the decoder gains, encoder gains and end-to-end map of the closed form.",
    (
        Beyond("linear_gap_decoder", 0.05, ideal=0, null=1, scale="log"),
        Beyond("linear_gap_encoder", 0.05, ideal=0, null=1, scale="log"),
        Beyond("linear_gap_end_to_end", 0.1, ideal=0, null=1, scale="log"),
    ),
)
