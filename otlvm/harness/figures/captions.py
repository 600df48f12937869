"""What each figure shows, in a sentence."""

CAPTIONS = {
    "curves": "Learning curves of finished runs: BCE of each row over training steps, and its "
    "accuracy with labels. A seed that stopped early keeps its last value.",
    "time": "Accuracy of each row over seconds of its start and its training, without evaluation; "
    "the axis is logarithmic.",
    "pareto": "BCE against the size of MMD²: a small mark for each run, a large one for each row; "
    "a line joins the rows that no other of their data set and prior beats in both.",
    "seeds": "Every seed of every row: a mark for each seed, a bar at the mean.",
    "matrices": "Which components each class uses, one matrix per row.",
    "heatmap": "Mean accuracy of each divergence with each prior.",
    "ranks": "Mean ranks of methods across data sets; a bar joins those that cannot be told apart.",
    "collapse": "Early in training (above) and at its end: the terms of the loss, the mean q(k|x) "
    "of each class, and held-out digits above their reconstructions.",
    "manifold": "Two-dimensional codes by class over samples of the prior (grey), and what the "
    "latent plane decodes to.",
    "images": "Held-out data, each above its reconstruction; samples of each component, and "
    "samples near its mean, with standard deviations times 3/5.",
    "interpolations": "Decoded straight lines between the codes of held-out data, which stand in "
    "the first and last columns, and from one component's mean to the others'.",
    "deterioration": "Held-out data, each above its reconstruction, before and after training; the "
    "terms of the loss meanwhile; BCE of each row, or NLL.",
    "fidelity": "The mean q(k|x) of each class, components ordered; accuracy of each row; codes by "
    "class over samples of the prior (grey), in two dimensions.",
}
