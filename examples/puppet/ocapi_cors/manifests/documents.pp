# SPDX-License-Identifier: Apache-2.0
# @summary Puts OCAPI settings documents in place, each judged by `ocapi-cors check` before it is renamed there.
#
# httpd needs no restart: nothing is notified.
#
# @param documents
#   Names of documents, and where Puppet gets them from.
# @param into
#   The folder that OcapiCorsSettings names.
# @param command
#   The program ocapi-cors, with its path.
#
# @example
#   class { 'ocapi_cors::documents':
#     documents => {
#       'global.json'      => 'puppet:///modules/profile/ocapi/global.json',
#       'SiteGenesis.json' => 'puppet:///modules/profile/ocapi/SiteGenesis.json',
#     },
#   }
class ocapi_cors::documents (
  Hash[Pattern[/\A[\w-][\w.-]*\.json\z/], String] $documents,
  Pattern[/\A\//] $into    = '/etc/apache2/ocapi',
  Pattern[/\A\//] $command = '/usr/bin/ocapi-cors',
) {
  file { $into:
    ensure => directory,
    mode   => '0755',
  }

  $documents.each |String $name, String $source| {
    file { "${into}/${name}":
      ensure       => file,
      source       => $source,
      mode         => '0644',
      validate_cmd => "${command} check %",
    }
  }
}
