#ifndef DEEPQ_NN_ADAM_STEP_H
#define DEEPQ_NN_ADAM_STEP_H

/** What Adam needs besides the arrays; see adam_ref for the formula. */
typedef struct dq_adam_step {
    float beta1, beta2;
    float epsilon;
    float step_size;       // learning rate / (1 - beta1^t)
    float inv_sqrt_bias2;  // 1 / sqrt(1 - beta2^t)
} dq_adam_step;

#endif
