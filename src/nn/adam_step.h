#ifndef DEEPQ_NN_ADAM_STEP_H
#define DEEPQ_NN_ADAM_STEP_H

/** The constants of an Adam step; adam_ref() in ref/kernels_ref.c has the formula. */
typedef struct dq_adam_step {
    float beta1, beta2;    // decay rates of the moments
    float epsilon;         // constant in the denominator
    float step_size;       // learning rate / (1 - beta1^t)
    float inv_sqrt_bias2;  // 1 / sqrt(1 - beta2^t)
} dq_adam_step;

#endif
