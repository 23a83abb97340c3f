"""Filling an empty Linli: the demo city, and as many invented people as a measurement needs.

Words and pictures stand in cms/demo; here they become rows. What a resident or an organiser does
is done through the same actions as on the site (sign-up, check-in, check-out, closing,
confirming, settling, redeeming); only people are written in bulk.
"""
