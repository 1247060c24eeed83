"""Kernels: the papers' formulas as pure functions on tensors, one topic per file.

All files use the same symbols:

| name in the code | symbol in the papers | what it is |
| --- | --- | --- |
| ``x`` | x | data, shape (batch, *shape) |
| ``z`` | z | codes, shape (batch, latent) |
| ``mean`` | μ | means of the posterior, shape (batch, latent) |
| ``scale`` | σ (a standard deviation, never σ²) | scales of the posterior, shape (batch, latent) |
| ``log_scale`` | log σ | their natural logarithms |
| ``beta`` | β in L = D + β·KL | weight of the KL where D sums squared errors |
| ``kl_weight`` | w in L = −log p(x∣z) + w·KL | weight of the KL where the likelihood is in nats |
| ``rho`` | ρ | correlation of a pair of codes |
| ``examples`` | N | number of examples that a batch is drawn from |
| ``columns`` | ∂x̂/∂z_j | Jacobian by input, shape (latent, batch, *event) |
| ``rows`` | ∂f_k/∂x | Jacobian by output, shape (outputs, batch, *shape) |
| ``eigenvalues`` | λ | variances of the data along their principal axes |
| ``log_weights`` | α·log det g | log importance weights up to a constant, (candidates,) |
| ``metric`` | g_{ij̄} | Hermitian metric at complex codes, shape (batch, d, d) |
| ``precision`` | 1/v | inverse variance of the likelihood, for each output |
| ``weights`` | p_k, the diagonal of P_k | quadratics of a potential, shape (components, d) |
| ``offsets`` | c_k | their constants, shape (components,) |
| ``tau`` | τ | temperature of a potential |
| ``x``, ``y`` | X, Y | activations of two layers, shape (n, *features) |

Some functions have no caller among the instruments. They are definitions or closed forms. Faster functions in the same
file are tested against them.

For a Gaussian likelihood of variance v, β = 2·v·w.

Inputs may have any size. Multiplying an input by g multiplies a result of degree k by gᵏ, within the range of single
precision. ``tests/kernels/laws_of_size.py`` lists k for each function. Squares are computed in double precision, which
holds the square of every single-precision number.

A ``function`` maps a batch to a batch, example by example. Output i depends on input i alone. Batch normalisation in
training mode breaks this, and the kernels cannot detect it.

Complex codes have d = latent/2 units and the prior CN(0, I). Their real and imaginary parts have variance ½ each.
Derivatives with respect to them are Wirtinger derivatives, ∂ = (∂_x − i·∂_y)/2.

Logarithms are natural. Divergences and log densities are in nats.
"""
