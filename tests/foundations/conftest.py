"""What the tests of foundations share: the fake Stripe, and two foundations with their books."""

from tests.fake_stripe.fixtures import *  # noqa: F403
from tests.foundations.gateway_cast import *  # noqa: F403
from tests.foundations.money_cast import *  # noqa: F403
from tests.foundations.office_cast import *  # noqa: F403
from tests.foundations.recon_cast import *  # noqa: F403
