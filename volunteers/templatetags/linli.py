from django import template

from volunteers.language import in_language

register = template.Library()
register.filter("in_language", in_language)
