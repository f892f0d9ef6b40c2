"""The sign-in form: finds the account, counts the attempt, then checks the password."""

from typing import Any

from flask_babel import gettext
from flask_security import LoginForm
from flask_security.forms import Form

from msp.kernel.errors import TooMany
from msp.people.queries import account_by_email, can_use_account
from msp.web.attempts import begin_sign_in


class SignInForm(LoginForm):
    """Address and password. Why an account cannot be used is shown only after the correct password."""

    def validate(self, **kwargs: Any) -> bool:
        """Whether the password is correct and the account may be used; raises TooMany."""
        if not Form.validate(self, **kwargs):
            return False
        self.ifield = self.email
        self.user = account = account_by_email(self.email.data)
        attempt = begin_sign_in(account, self.email.data)
        try:
            is_valid = super().validate(**kwargs)
        except TooMany:
            attempt.take_back()
            raise
        if account is None or not self.user_authenticated:
            return False
        attempt.succeed()
        if is_valid and can_use_account(account):
            return True
        self.email.errors = []
        self.form_errors.append(gettext("This account is deactivated. Ask your help desk to activate it."))
        return False
