"""Kernels: each formula of the papers as a pure function on tensors, one topic a page.

One dictionary of symbols for all pages:

=====================  =====================================  =================================================
name in the code       symbol in the papers                   what it is
=====================  =====================================  =================================================
``x``                  x                                      data, shape (batch, *shape)
``z``                  z                                      codes, shape (batch, latent)
``mean``               μ                                      means of the posterior, shape (batch, latent)
``scale``              σ (a standard deviation, never σ²)     scales of the posterior, shape (batch, latent)
``log_scale``          log σ                                  their natural logarithms
``beta``               β in L = D + β·KL                      weight of the KL where D sums squared errors
``kl_weight``          w in L = −log p(x|z) + w·KL            weight of the KL where the likelihood is in nats
``rho``                ρ                                      correlation of a pair of codes
``examples``           N                                      number of examples that a batch is drawn from
``columns``            ∂x̂/∂z_j                                Jacobian by input, shape (latent, batch, *event)
``rows``               ∂f_k/∂x                                Jacobian by output, shape (outputs, batch, *shape)
``eigenvalues``        λ                                      variances of the data along their principal axes
``log_weights``        α·log det g                            log importance weights up to a constant, (candidates,)
``metric``             g_{ij̄}                                 Hermitian metric at complex codes, shape (batch, d, d)
``precision``          1/v                                    inverse variance of the likelihood, for each output
``weights``            p_k, the diagonal of P_k               quadratics of a potential, shape (components, d)
``offsets``            c_k                                    their constants, shape (components,)
``tau``                τ                                      temperature of a potential
``x``, ``y``           X, Y                                   activations of two layers, shape (n, *features)
=====================  =====================================  =================================================

Some functions have no caller among the instruments: they are the definition, or the closed form, that the faster ones
are tested against, and stand beside them on the same page.

A Gaussian likelihood of variance v ties the two weights of the KL: β = 2·v·w.

Sizes are free: what a kernel gives at gain g is gᵏ times what it gives at gain 1, as far as single precision holds the
answer; ``tests/kernels/laws_of_size.py`` has k for each. Squares are in double precision, which holds those of every
single.

A ``function`` maps a batch to a batch, example by example: output i depends on input i alone. Batch normalisation in
training mode breaks that, and these kernels cannot see it.

Complex codes, of d = latent/2 units, have the prior CN(0, I): real and imaginary parts of variance ½ each. Derivatives
by them are Wirtinger's, ∂ = (∂_x − i·∂_y)/2.

Logarithms are natural, so divergences and log densities are in nats.
"""
