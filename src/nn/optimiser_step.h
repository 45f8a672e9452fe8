/** The constants of an optimiser's step, which are the same for all parameters. */
#ifndef DEEPQ_NN_OPTIMISER_STEP_H
#define DEEPQ_NN_OPTIMISER_STEP_H

/** Of Adam; adam_ref() in ref/kernels_ref.c has the formula. */
typedef struct dq_adam_step {
    float beta1, beta2;    // decay rates of the moments
    float epsilon;         // constant in the denominator
    float step_size;       // learning rate / (1 - beta1^t)
    float inv_sqrt_bias2;  // 1 / sqrt(1 - beta2^t)
} dq_adam_step;

/** Of RMSProp; rmsprop_ref() in ref/kernels_ref.c has the formula. */
typedef struct dq_rmsprop_step {
    float decay;    // decay rate of both moments
    float epsilon;  // constant in the root
    float learning_rate;
} dq_rmsprop_step;

/** The constants of an optimiser's step; those of the others are not used. */
typedef struct dq_optimiser_step {
    dq_adam_step adam;
    dq_rmsprop_step rmsprop;
} dq_optimiser_step;

#endif
