"""Stock OAuth clients, used as their documentation shows, against a running gateway.

Arguments: the token URL, the client's id and secret, and a file of certificate authorities. Prints one JSON
line for each client: its name and the token it got, or the error it met.
"""

import json
import sys

import requests

token_url, client_id, client_secret, authorities = sys.argv[1:5]


def authlib():
    from authlib.integrations.requests_client import OAuth2Session

    session = OAuth2Session(client_id, client_secret)
    session.verify = authorities
    token = session.fetch_token(token_url, grant_type="client_credentials")
    # It fetches by itself whatever is near its end: a token just served must not be.
    session.token_endpoint = token_url
    assert not token.is_expired(leeway=60)
    return token["access_token"]


def authlib_in_the_body():
    from authlib.integrations.requests_client import OAuth2Session

    session = OAuth2Session(
        client_id, client_secret, token_endpoint_auth_method="client_secret_post"
    )
    session.verify = authorities
    return session.fetch_token(token_url, grant_type="client_credentials")["access_token"]


def requests_oauthlib():
    from oauthlib.oauth2 import BackendApplicationClient
    from requests.auth import HTTPBasicAuth
    from requests_oauthlib import OAuth2Session

    session = OAuth2Session(client=BackendApplicationClient(client_id=client_id))
    token = session.fetch_token(
        token_url, auth=HTTPBasicAuth(client_id, client_secret), verify=authorities
    )
    return token["access_token"]


def requests_oauthlib_in_the_body():
    from oauthlib.oauth2 import BackendApplicationClient
    from requests_oauthlib import OAuth2Session

    session = OAuth2Session(client=BackendApplicationClient(client_id=client_id))
    token = session.fetch_token(
        token_url,
        client_id=client_id,
        client_secret=client_secret,
        include_client_id=True,
        verify=authorities,
    )
    return token["access_token"]


def requests_oauthlib_with_the_old_scopes():
    from oauthlib.oauth2 import BackendApplicationClient
    from requests.auth import HTTPBasicAuth
    from requests_oauthlib import OAuth2Session

    client = BackendApplicationClient(client_id=client_id)
    session = OAuth2Session(client=client, scope=["openid", "profile", "api"])
    token = session.fetch_token(
        token_url, auth=HTTPBasicAuth(client_id, client_secret), verify=authorities
    )
    return token["access_token"]


def requests_oauth2client():
    from requests_oauth2client import OAuth2Client

    session = requests.Session()
    session.verify = authorities
    client = OAuth2Client(token_url, (client_id, client_secret), session=session)
    return str(client.client_credentials().access_token)


def msal():
    from msal.oauth2cli import Client

    session = requests.Session()
    session.verify = authorities
    client = Client(
        {"token_endpoint": token_url},
        client_id,
        client_secret=client_secret,
        http_client=session,
    )
    answer = client.obtain_token_for_client()
    assert answer["expires_in"] >= 90, answer
    return answer["access_token"]


for attempt in (
    authlib,
    authlib_in_the_body,
    requests_oauthlib,
    requests_oauthlib_in_the_body,
    requests_oauthlib_with_the_old_scopes,
    requests_oauth2client,
    msal,
):
    try:
        line = {"client": attempt.__name__, "token": attempt()}
    except Exception as error:  # whatever a client raises is the finding
        line = {"client": attempt.__name__, "error": f"{type(error).__name__}: {error}"}
    print(json.dumps(line), flush=True)
