"""What is JAX's own: functions without side effects, which read and return all that a step changes."""

from contextlib import contextmanager

import jax
import keras

from models.engine.backend import on_any
from models.engine.backend.on_any import images_in
from models.engine.distributed import gather

_scopes = []  # the scopes entered by `_scope`, outermost first


@contextmanager
def _scope(values):
    """A scope with the given values of variables, {id(variable): array}; assignments do not leave it."""
    with keras.StatelessScope() as scope:
        scope.state_mapping.update(values)
        _scopes.append(scope)
        try:
            yield scope
        finally:
            _scopes.pop()


def _pure(function, variables=(), values=()):
    """Run `function` with `values` in place of `variables`, without side effects.

    JAX differentiates pure functions, so assignments inside (batch-normalisation statistics, random seeds) are
    returned.

    Returns:
        `(result, assigned)`: the function's result, and the assigned values {id(variable): array}.
    """
    outer = _scopes[-1].state_mapping if _scopes else {}
    start = outer | {id(variable): value for variable, value in zip(variables, values, strict=True)}
    with _scope(start) as scope:
        result = function()
    return result, {key: value for key, value in scope.state_mapping.items() if value is not start.get(key)}


def _assign(assigned):
    if _scopes:
        _scopes[-1].state_mapping.update(assigned)


def loss_and_gradients(function, variables):
    def loss_of(values):
        (loss, report), assigned = _pure(function, variables, values)
        return loss, (report, assigned)

    values = [variable.value for variable in variables]
    (_, (report, assigned)), gradients = jax.value_and_grad(loss_of, has_aux=True)(values)
    _assign(assigned)
    return report, gradients


def apply_gradients(optimizer, gradients, variables):
    # Loss scaling chooses between two updates with `cond`, whose branches must not assign variables.
    values, state = ([variable.value for variable in group] for group in (variables, optimizer.variables))
    values, state = optimizer.stateless_apply(state, gradients, values)
    for variable, value in zip([*variables, *optimizer.variables], [*values, *state], strict=True):
        variable.assign(value)


def input_gradient(function, inputs):
    def score_of(values):
        scores, assigned = _pure(lambda: function(values))
        return keras.ops.sum(scores), assigned

    gradient, assigned = jax.grad(score_of, has_aux=True)(inputs)
    _assign(assigned)
    return gradient


class TrainStep(on_any.TrainStep):
    """As on_any, with the state that `fit` carries from step to step."""

    def train_step(self, state, data):
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        values = {
            id(variable): value
            for group, group_values in zip(groups, state, strict=True)
            for variable, value in zip(group, group_values, strict=True)
        }
        with _scope(values) as scope:
            logs = self.step(images_in(data))
        return logs, tuple([scope.state_mapping[id(variable)] for variable in group] for group in groups)

    def synchronise(self):
        """Bring the variables up to date during `fit`, before a callback reads them."""
        self.jax_state_sync()
        gather(self)
